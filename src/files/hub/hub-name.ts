/** A repository's name on the hub, and which of its versions is meant. */
export interface HubName {
  type: 'model' | 'dataset';
  name: string;
  /** a branch, a tag or a commit; `main` unless the name ends in `@revision` */
  revision: string;
}

const DATASETS = 'hf://datasets/';

/** Splits `owner/name@revision`, or `hf://datasets/owner/name@revision`. */
export function hubName(repo: string): HubName {
  const type = repo.startsWith(DATASETS) ? 'dataset' : 'model';
  const [name = '', revision = 'main'] = repo.replace(DATASETS, '').split('@');
  return { type, name, revision };
}

/** A name may have an owner and a revision; anything else that holds a slash or starts with a dot is a path. */
export function isHubName(name: string): boolean {
  return /^(?!.*(--|\.\.))(\w[\w.-]{0,95}\/)?\w[\w.-]{0,95}(@\w[\w./-]{0,95})?$/.test(name);
}

/**
 * Splits the address that Python's huggingface_hub gives to a data set or one of its files:
 * `hf://datasets/owner/name@revision/folder/file.jsonl`, all but owner and name left out at will.
 * @returns undefined if it is no such address
 */
export function hubDataset(address: string): { repo: string; file?: string } | undefined {
  const shape =
    /^(?!.*(--|\.\.))hf:\/\/datasets\/(\w[\w.-]{0,95}\/\w[\w.-]{0,95}(?:@\w[\w.-]{0,95})?)(?:\/(\w[\w./-]*))?$/;
  const [, , repo, file] = shape.exec(address) ?? [];
  return repo === undefined ? undefined : { repo: DATASETS + repo, ...(file && { file }) };
}
