import {
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import path from 'node:path';

const STAGING = '.saving-';
/** A link in the staging folder, to the version that counts: `old` or `new`. */
const CURRENT = 'current';
type Version = 'old' | 'new';

/**
 * Replaces some files of a folder together: a reader finds all of the old ones or all of the new ones
 * at any moment, also if the process is killed.
 *
 * Only one rename can be atomic, so for a moment each file is a link through one common link, and
 * that one is what is renamed:
 *
 *     adapter_config.json         -> .saving-x/current/adapter_config.json
 *     adapter_model.safetensors   -> .saving-x/current/adapter_model.safetensors
 *     .saving-x/current           -> old, then new
 *
 * Before and after, all of them are plain files. One writer at a time.
 * @param folder is there
 * @param names the files; the last one makes a complete set of the others
 * @param write puts the new files into the folder it is given
 */
export async function replaceFiles(
  folder: string,
  names: readonly string[],
  write: (folder: string) => Promise<void>,
): Promise<void> {
  await finishInterrupted(folder, names);
  const staging = await mkdtemp(path.join(folder, STAGING));
  try {
    await mkdir(path.join(staging, 'new'));
    await write(path.join(staging, 'new'));
    if (await exists(path.join(folder, names.at(-1) as string))) {
      await linkThrough(folder, staging, names);
    }
    await pointTo(staging, 'new');
  } finally {
    await settle(folder, staging, names);
  }
}

/** Keeps the files as version `old`, and puts links to the current version in their place. */
async function linkThrough(folder: string, staging: string, names: readonly string[]) {
  await mkdir(path.join(staging, 'old'));
  for (const name of names) {
    const file = path.join(folder, name);
    if (await exists(file)) await link(file, path.join(staging, 'old', name));
  }
  await pointTo(staging, 'old');
  for (const name of names) {
    const target = path.join(path.basename(staging), CURRENT, name);
    await replaceLink(target, path.join(folder, name), path.join(staging, `link-${name}`));
  }
}

/** The one step that makes the new files count. */
async function pointTo(staging: string, version: Version): Promise<void> {
  await replaceLink(version, path.join(staging, CURRENT), path.join(staging, `link-${version}`));
}

async function replaceLink(target: string, at: string, temporary: string): Promise<void> {
  await symlink(target, temporary);
  await rename(temporary, at);
}

/** Makes plain files of the version that counts, one by one: the links show the same meanwhile. */
async function settle(folder: string, staging: string, names: readonly string[]): Promise<void> {
  const version = await currentVersion(staging);
  for (const name of version ? names : []) {
    const file = path.join(folder, name);
    const kept = path.join(staging, version as Version, name);
    if (await exists(kept)) await rename(kept, file);
    else if (await isLink(file)) await rm(file); // not in this version
  }
  await rm(staging, { recursive: true });
}

/** Completes the replacements of killed processes. */
async function finishInterrupted(folder: string, names: readonly string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name.startsWith(STAGING)) {
      await settle(folder, path.join(folder, entry.name), names);
    }
  }
}

/**
 * None if nothing links here yet, if its files are all back in their place and it was being removed,
 * or if this is no staging folder of ours.
 */
async function currentVersion(staging: string): Promise<Version | undefined> {
  const version = await readlink(path.join(staging, CURRENT)).catch(() => undefined);
  if (version !== 'old' && version !== 'new') return undefined;
  const stat = await statOf(path.join(staging, version));
  return stat?.isDirectory() ? version : undefined;
}

async function exists(file: string): Promise<boolean> {
  return (await statOf(file)) !== undefined;
}

async function isLink(file: string): Promise<boolean> {
  return (await statOf(file))?.isSymbolicLink() ?? false;
}

async function statOf(file: string) {
  return lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
