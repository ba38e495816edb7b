import { LoraError } from '../../tensor/errors';

/** A file on the hub, and the function that errors name. */
export interface HubFile {
  caller: string;
  /** a model's `owner/name`, or `name` alone, or a data set's `hf://datasets/owner/name`; each may end in `@revision` */
  repo: string;
  file: string;
}

class HubFileError extends LoraError {
  readonly repo: string;
  readonly file: string;

  constructor({ caller, repo, file }: HubFile, fault: string, cause?: unknown) {
    super(`${caller}: ${fault}`, { cause });
    this.repo = repo;
    this.file = file;
  }
}

/** The hub refuses a file. Asking again changes nothing. */
export class HubError extends HubFileError {
  override readonly name = 'HubError';
}

/** A file did not arrive, or is not whole or not right. Trying again may help. */
export class DownloadError extends HubFileError {
  override readonly name = 'DownloadError';
}
