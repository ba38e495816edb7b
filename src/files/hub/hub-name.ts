/** A model's name on the hub, and which of its versions is meant. */
export interface HubName {
  name: string;
  /** a branch, a tag or a commit; `main` unless the name ends in `@revision` */
  revision: string;
}

/** Splits `owner/name@revision`. */
export function hubName(model: string): HubName {
  const [name = '', revision = 'main'] = model.split('@');
  return { name, revision };
}

/** A name may have an owner and a revision; anything else that holds a slash or starts with a dot is a path. */
export function isHubName(name: string): boolean {
  return /^(?!.*(--|\.\.))(\w[\w.-]{0,95}\/)?\w[\w.-]{0,95}(@\w[\w./-]{0,95})?$/.test(name);
}
