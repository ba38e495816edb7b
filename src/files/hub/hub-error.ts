import { LoraError } from '../../tensor/errors';

/** A file of a model on the hub, and the function that errors name. */
export interface HubFile {
  caller: string;
  /** `owner/name` on the hub, or `name` alone */
  model: string;
  file: string;
}

class HubFileError extends LoraError {
  readonly model: string;
  readonly file: string;

  constructor({ caller, model, file }: HubFile, fault: string, cause?: unknown) {
    super(`${caller}: ${fault}`, { cause });
    this.model = model;
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
