import {
  downloadFile,
  HubApiError,
  modelInfo,
  type PathInfo,
  pathsInfo,
  REGEX_COMMIT_HASH,
} from '@huggingface/hub';
import { type Content, download, type DownloadProgress, reason } from './download';
import { DownloadError, HubError, type HubFile } from './hub-error';

/** How a model comes from the hub. */
export interface HubOptions {
  /** called with each piece of a file that arrives */
  onProgress?: (progress: DownloadProgress) => void;
  /** the address of a mirror; that of the hub itself if not given */
  hubUrl?: string;
}

/** The commit that a model's main branch is at. */
export async function askCommit(wanted: HubFile, { hubUrl }: HubOptions): Promise<string> {
  const { model: name } = wanted;
  return ask(wanted, async () => {
    const { sha } = await modelInfo({ name, revision: 'main', additionalFields: ['sha'], hubUrl });
    if (!REGEX_COMMIT_HASH.test(sha)) throw new Error('its answer names no commit');
    return sha;
  });
}

/** What the hub says of a file; undefined if the model has no such file. */
export async function askContent(
  wanted: HubFile,
  revision: string,
  options: HubOptions,
): Promise<Content | undefined> {
  const { model, file } = wanted;
  const [info] = await askPaths(wanted, [file], revision, options);
  if (!info) return undefined;
  const content: Content = info.lfs
    ? { bytes: info.lfs.size, checksum: info.lfs.oid, kind: 'sha256' }
    : { bytes: info.size, checksum: info.oid ?? '', kind: 'git' };
  // It becomes a file name, so only a checksum passes.
  const shape = info.lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
  if (shape.test(content.checksum) && Number.isSafeInteger(content.bytes)) return content;
  throw new HubError(wanted, `${file} of ${model} must have a size and a checksum on the hub.`);
}

/** Those of the files that a model on the hub has. */
export async function askPaths(
  wanted: HubFile,
  paths: string[],
  revision: string,
  { hubUrl }: HubOptions,
): Promise<PathInfo[]> {
  const repo = { type: 'model', name: wanted.model } as const;
  return ask(wanted, () => pathsInfo({ repo, paths, revision, hubUrl }));
}

/** Downloads a file's content into the cache. */
export async function fetchBlob(
  blob: string,
  content: Content,
  revision: string,
  wanted: HubFile,
  { hubUrl, onProgress = () => undefined }: HubOptions,
): Promise<void> {
  const repo = { type: 'model', name: wanted.model } as const;
  // Plain HTTP, not the hub's xet protocol: resuming needs no more than a range of bytes.
  const source = await ask(wanted, () =>
    downloadFile({ repo, path: wanted.file, revision, hubUrl, xet: false }),
  );
  if (!source)
    throw new HubError(wanted, `${wanted.file} of ${wanted.model} is gone from the hub.`);
  await download(source, blob, content, wanted, onProgress);
}

/** Asks the hub; an error says in one line what to do. */
async function ask<T>(wanted: HubFile, question: () => Promise<T>): Promise<T> {
  const { model } = wanted;
  try {
    return await question();
  } catch (error) {
    const isRefused =
      error instanceof HubApiError && error.statusCode < 500 && error.statusCode !== 429;
    if (!isRefused) {
      throw new DownloadError(
        wanted,
        `${model} is no folder and not in the cache, and the hub cannot be reached (${reason(error)}). Connect once, or pass a folder that holds config.json, model.safetensors and tokenizer.json.`,
        error,
      );
    }
    throw new HubError(
      wanted,
      `${model} must be a folder, or a model that the hub gives to everyone, got status ${error.statusCode} (${reason(error)}). Check the name; one that needs a login comes into the cache with Python's \`hf auth login\` and \`hf download ${model}\`.`,
      error,
    );
  }
}
