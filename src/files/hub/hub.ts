import { existsSync } from 'node:fs';
import { link, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import {
  downloadFile,
  getHFHubCachePath,
  getRepoFolderName,
  HubApiError,
  modelInfo,
  pathsInfo,
  REGEX_COMMIT_HASH,
} from '@huggingface/hub';
import { LoraError } from '../../tensor/errors';
import { FileError, writeFileAtomically } from '../local';
import { type Content, download, type DownloadProgress, reason } from './download';
import { DownloadError, HubError, type HubFile } from './hub-error';

/** How a model comes from the hub. */
export interface HubOptions {
  /** called with each piece of a file that arrives */
  onProgress?: (progress: DownloadProgress) => void;
  /** the address of a mirror; that of the hub itself if not given */
  hubUrl?: string;
}

/** A name may have an owner; anything else that holds a slash or starts with a dot is a path. */
export function isHubName(name: string): boolean {
  return /^(?!.*(--|\.\.))(\w[\w.-]{0,95}\/)?\w[\w.-]{0,95}$/.test(name);
}

/**
 * A file of a model in the hub's cache, the one that Python uses too, fetched if it is not there.
 * The cache keeps the commit that it saw first: what is in it is used without asking the hub,
 * and what is missing comes from the same commit, so that config and weights fit together.
 * @throws HubError if the hub does not give out the file, DownloadError if it does not arrive,
 *   FileError if the cache can't be written
 */
export async function hubFile(wanted: HubFile, options: HubOptions): Promise<string> {
  const home = path.join(
    getHFHubCachePath(),
    getRepoFolderName({ type: 'model', name: wanted.model }),
  );
  const ref = path.join(home, 'refs', 'main');
  const seen = await readFile(ref, 'utf8').catch(() => '');
  const isSeen = REGEX_COMMIT_HASH.test(seen);
  const snapshot = (commit: string) => path.join(home, 'snapshots', commit, wanted.file);
  if (isSeen && existsSync(snapshot(seen))) return snapshot(seen);

  const commit = isSeen ? seen : await askCommit(wanted, options);
  const content = await askContent(wanted, commit, options);
  const blob = path.join(home, 'blobs', content.checksum);
  try {
    await mkdir(path.dirname(blob), { recursive: true });
    if (!existsSync(blob)) await fetchBlob(blob, content, commit, wanted, options);
    await linkTo(blob, snapshot(commit));
    await mkdir(path.dirname(ref), { recursive: true });
    if (!isSeen) await writeFileAtomically(ref, [commit]);
  } catch (error) {
    if (error instanceof LoraError) throw error;
    const fault = `the cache must be writable, got: ${(error as Error).message}. Make room, or let HF_HUB_CACHE name another folder, then run the same line again.`;
    throw new FileError(wanted.caller, home, [fault], error);
  }
  return snapshot(commit);
}

async function askCommit(wanted: HubFile, { hubUrl }: HubOptions): Promise<string> {
  const { model: name } = wanted;
  return ask(wanted, async () => {
    const { sha } = await modelInfo({ name, revision: 'main', additionalFields: ['sha'], hubUrl });
    if (!REGEX_COMMIT_HASH.test(sha)) throw new Error('its answer names no commit');
    return sha;
  });
}

/** The hub's answer becomes a file name, so only a checksum passes. */
async function askContent(
  wanted: HubFile,
  revision: string,
  { hubUrl }: HubOptions,
): Promise<Content> {
  const { model, file } = wanted;
  const repo = { type: 'model', name: model } as const;
  const [info] = await ask(wanted, () => pathsInfo({ repo, paths: [file], revision, hubUrl }));
  if (!info) throw new HubError(wanted, `${model} on the hub must hold ${file}, got no such file.`);
  const content: Content = info.lfs
    ? { bytes: info.lfs.size, checksum: info.lfs.oid, kind: 'sha256' }
    : { bytes: info.size, checksum: info.oid ?? '', kind: 'git' };
  const shape = info.lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
  if (shape.test(content.checksum) && Number.isSafeInteger(content.bytes)) return content;
  throw new HubError(wanted, `${file} of ${model} must have a size and a checksum on the hub.`);
}

async function fetchBlob(
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

/** Makes a file of the snapshot, unless another process just did. */
async function linkTo(blob: string, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await symlink(path.relative(path.dirname(file), blob), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM')
      await link(blob, file); // Windows keeps symbolic links to developers
    else if (code !== 'EEXIST') throw error;
  }
}
