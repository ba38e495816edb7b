import { existsSync } from 'node:fs';
import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getRepoFolderName, REGEX_COMMIT_HASH } from '@huggingface/hub';
import { FileError, pickleFault, writeFault, writeFileAtomically } from '../local';
import { askCommit, askContent, askNames, askPaths, fetchBlob, type HubOptions } from './ask-hub';
import { cacheFolder, isOffline } from './environment';
import { type HubAccess, hubAccess } from './hub-access';
import { DownloadError, HubError, type HubFile } from './hub-error';
import { hubName } from './hub-name';

/** What a model may have in the place of model.safetensors. */
const PICKLES = ['pytorch_model.bin', 'pytorch_model.bin.index.json'];

/**
 * A file of a model or data set in the hub's cache, the one that Python uses too, fetched if it is
 * not there. The cache keeps the commit that it saw first: what is in it is used without asking the
 * hub, and what is missing comes from the same commit, so that config and weights fit together.
 * @param others files that do as well; the first that the cache has counts, else the first of the hub
 * @throws HubError if the hub does not give out the file, DownloadError if it does not arrive or must
 *   not be asked for, FileError if the cache can't be written, ArgumentError if the environment
 *   names a mirror, token or proxy that can't be used
 */
export async function hubFile(
  wanted: HubFile,
  options: HubOptions,
  others: readonly string[] = [],
): Promise<string> {
  const files = [wanted.file, ...others];
  const found = await find(wanted, options, files);
  if (typeof found === 'string') return found;
  throw await missingOnHub(wanted, files, found.commit, found.hub);
}

/**
 * A file that a data set may lack, as `hubFile` finds it. That there is none is kept in the cache
 * too, as Python keeps it.
 * @returns undefined if none of the files is on the hub
 */
export async function hubFileIfAny(
  wanted: HubFile,
  options: HubOptions,
  others: readonly string[] = [],
): Promise<string | undefined> {
  const files = [wanted.file, ...others];
  const lacking = (commit: string) =>
    files.map((file) => path.join(cacheOf(wanted.repo).home, '.no_exist', commit, file));
  if (lacking(await readSeen(wanted.repo)).every(existsSync)) return undefined;
  const found = await find(wanted, options, files);
  if (typeof found === 'string') return found;
  for (const file of lacking(found.commit)) {
    await keeping(wanted, async () => {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, '');
    });
  }
  return undefined;
}

/** Finds one of the files. @returns its path, or the commit that has none of them */
async function find(
  wanted: HubFile,
  options: HubOptions,
  files: readonly string[],
): Promise<string | { commit: string; hub: HubAccess }> {
  const { home } = cacheOf(wanted.repo);
  const seen = await readSeen(wanted.repo);
  const isSeen = REGEX_COMMIT_HASH.test(seen);
  const cached = files
    .map((file) => path.join(home, 'snapshots', seen, file))
    .find((file) => isSeen && existsSync(file));
  if (cached) return cached;
  if (isOffline()) {
    const fault = `${files.join(' or ')} of ${wanted.repo} must be in the cache, since HF_HUB_OFFLINE is set, but is not. Unset it and run the same line once with a connection.`;
    throw new DownloadError(wanted, fault);
  }
  const hub = await hubAccess(wanted.caller, options.hubUrl);
  const commit = isSeen ? seen : await askCommit(wanted, hub);
  for (const file of files) {
    const fetched = await fetchFile({ ...wanted, file }, commit, hub, options);
    if (fetched) return fetched;
  }
  return { commit, hub };
}

/** Whether the cache has all of these files of a model. */
export async function isCached(model: string, files: readonly string[]): Promise<boolean> {
  const { home } = cacheOf(model);
  const snapshot = path.join(home, 'snapshots', await readSeen(model));
  return files.every((file) => existsSync(path.join(snapshot, file)));
}

/** Where the cache keeps a repository, and the commit of the revision. */
function cacheOf(repo: string): { home: string; ref: string } {
  const { type, name, revision } = hubName(repo);
  const home = path.join(cacheFolder(), getRepoFolderName({ type, name }));
  return { home, ref: path.join(home, 'refs', revision) };
}

/** The commit that the cache has of the revision; empty if there is none. */
async function readSeen(repo: string): Promise<string> {
  const { revision } = hubName(repo);
  if (REGEX_COMMIT_HASH.test(revision)) return revision;
  return readFile(cacheOf(repo).ref, 'utf8').catch(() => '');
}

/** Fetches a file into the cache. @returns its path; undefined if the hub has no such file */
async function fetchFile(
  wanted: HubFile,
  commit: string,
  hub: HubAccess,
  { onProgress }: HubOptions,
): Promise<string | undefined> {
  const content = await askContent(wanted, commit, hub);
  if (!content) return undefined;
  const { home, ref } = cacheOf(wanted.repo);
  const blob = path.join(home, 'blobs', content.checksum);
  const snapshot = path.join(home, 'snapshots', commit, wanted.file);
  await keeping(wanted, async () => {
    await mkdir(path.dirname(blob), { recursive: true });
    if (!existsSync(blob)) await fetchBlob(blob, content, commit, wanted, hub, onProgress);
    await linkTo(blob, snapshot);
    await mkdir(path.dirname(ref), { recursive: true });
    if ((await readSeen(wanted.repo)) !== commit) await writeFileAtomically(ref, [commit]);
  });
  return snapshot;
}

/** Writes into the cache. */
async function keeping(wanted: HubFile, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof HubError || error instanceof DownloadError) throw error;
    const fault = `the cache must be writable, got: ${writeFault(error)}. Make room, or let HF_HUB_CACHE name another folder, then run the same line again.`;
    throw new FileError(wanted.caller, cacheOf(wanted.repo).home, [fault], error);
  }
}

async function missingOnHub(
  wanted: HubFile,
  files: readonly string[],
  commit: string,
  hub: HubAccess,
): Promise<HubError> {
  const lacks = `${wanted.repo} on the hub must hold ${files.join(' or ')}, got`;
  if (hubName(wanted.repo).type === 'dataset') {
    const names = await askNames(wanted, commit, hub);
    const jsonl = names.find((name) => name.endsWith('.jsonl')) ?? 'rows.jsonl';
    return new HubError(
      wanted,
      `${lacks} ${names.slice(0, 9).join(', ') || 'nothing'}. One file of rows is read too: ${wanted.repo}/${jsonl}; of another format in Python: datasets.load_dataset(...).to_json("rows.jsonl").`,
    );
  }
  const isWeights = wanted.file.endsWith('.safetensors');
  const [pickle] = isWeights ? await askPaths(wanted, PICKLES, commit, hub) : [];
  if (!pickle) return new HubError(wanted, `${lacks} no such file.`);
  return new HubError(wanted, `${lacks} only ${pickleFault(pickle.path)}`);
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
