import {
  datasetInfo,
  downloadFile,
  HubApiError,
  listFiles,
  modelInfo,
  type PathInfo,
  pathsInfo,
  REGEX_COMMIT_HASH,
} from '@huggingface/hub';
import { LoraError, type OptionKeys } from '../../tensor/errors';
import { type Content, download, type DownloadProgress } from './download';
import type { HubAccess } from './hub-access';
import { DownloadError, HubError, type HubFile } from './hub-error';
import { hubName } from './hub-name';

/** How files come from the hub. */
export interface HubOptions {
  /** called with each piece of a file that arrives */
  onProgress?: (progress: DownloadProgress) => void;
  /** the address of a mirror; that in `HF_ENDPOINT`, or the hub itself if not given */
  hubUrl?: string;
}

export const HUB_OPTIONS: OptionKeys<HubOptions> = { onProgress: 'optional', hubUrl: 'optional' };

/** What messages call a repository, and the files that do in its place. */
const NOUNS = { model: 'model', dataset: 'data set' };
const FILES = {
  model: 'config.json, model.safetensors and tokenizer.json',
  dataset: 'train.jsonl',
};

/** The commit that the branch, tag or commit of a repository's name stands for. */
export async function askCommit(wanted: HubFile, hub: HubAccess): Promise<string> {
  const { type, name, revision } = hubName(wanted.repo);
  return ask(wanted, hub, async () => {
    const question = { ...hub, name, revision, additionalFields: ['sha' as const] };
    const { sha } = await (type === 'model' ? modelInfo(question) : datasetInfo(question));
    if (!REGEX_COMMIT_HASH.test(sha)) throw new Error('its answer names no commit');
    return sha;
  });
}

/** What the hub says of a file; undefined if there is no such file. */
export async function askContent(
  wanted: HubFile,
  revision: string,
  hub: HubAccess,
): Promise<Content | undefined> {
  const { repo, file } = wanted;
  const [info] = await askPaths(wanted, [file], revision, hub);
  if (!info) return undefined;
  const content: Content = info.lfs
    ? { bytes: info.lfs.size, checksum: info.lfs.oid, kind: 'sha256' }
    : { bytes: info.size, checksum: info.oid ?? '', kind: 'git' };
  // It becomes a file name, so only a checksum passes.
  const shape = info.lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
  if (shape.test(content.checksum) && Number.isSafeInteger(content.bytes)) return content;
  throw new HubError(wanted, `${file} of ${repo} must have a size and a checksum on the hub.`);
}

/** Those of the files that a repository on the hub has. */
export async function askPaths(
  wanted: HubFile,
  paths: string[],
  revision: string,
  hub: HubAccess,
): Promise<PathInfo[]> {
  const { type, name } = hubName(wanted.repo);
  return ask(wanted, hub, () => pathsInfo({ ...hub, repo: { type, name }, paths, revision }));
}

/** Names in the uppermost folder of a repository on the hub, folders with a slash. */
export async function askNames(
  wanted: HubFile,
  revision: string,
  hub: HubAccess,
): Promise<string[]> {
  const { type, name } = hubName(wanted.repo);
  return ask(wanted, hub, async () => {
    const names: string[] = [];
    for await (const one of listFiles({ ...hub, repo: { type, name }, revision })) {
      names.push(one.type === 'directory' ? `${one.path}/` : one.path);
    }
    return names;
  });
}

/** Downloads a file's content into the cache. */
export async function fetchBlob(
  blob: string,
  content: Content,
  revision: string,
  wanted: HubFile,
  hub: HubAccess,
  onProgress: HubOptions['onProgress'] = () => undefined,
): Promise<void> {
  const { type, name } = hubName(wanted.repo);
  // Plain HTTP, not the hub's xet protocol: resuming needs no more than a range of bytes.
  const source = await ask(wanted, hub, () =>
    downloadFile({ ...hub, repo: { type, name }, path: wanted.file, revision, xet: false }),
  );
  if (!source) throw new HubError(wanted, `${wanted.file} of ${wanted.repo} is gone from the hub.`);
  await download(source, blob, content, wanted, { onProgress, reason: hub.reason });
}

/** Asks the hub; an error says in one line what to do, and holds no secrets. */
async function ask<T>(
  wanted: HubFile,
  { reason }: HubAccess,
  question: () => Promise<T>,
): Promise<T> {
  const { repo } = wanted;
  const { type } = hubName(repo);
  try {
    return await question();
  } catch (error) {
    if (error instanceof LoraError) throw error;
    const status = error instanceof HubApiError ? error.statusCode : Infinity;
    // A new error: the library's own holds the whole answer and the address with its signature.
    const cause = new Error(reason(error));
    if (status >= 500 || status === 429) {
      throw new DownloadError(
        wanted,
        `${repo} is no folder and not in the cache, and the hub cannot be reached (${cause.message}). Connect once, or pass a folder that holds ${FILES[type]}.`,
        cause,
      );
    }
    throw new HubError(
      wanted,
      `${repo} must be a folder, or a ${NOUNS[type]} that the hub gives out, got status ${status} (${cause.message}). Check the name; for a private or gated one accept its terms on its page, then run \`hf auth login\` or set HF_TOKEN.`,
      cause,
    );
  }
}
