import { LoraError } from '../../tensor/errors';

const SHOWN = 20;

/** An adapter's files are missing, broken, unsupported, or don't fit the model; holds every fault. */
export class AdapterError extends LoraError {
  override readonly name = 'AdapterError';
  readonly file: string;
  readonly faults: readonly string[];

  constructor(caller: string, file: string, faults: readonly string[], cause?: unknown) {
    const hidden = faults.length - SHOWN;
    const shown = hidden > 0 ? [...faults.slice(0, SHOWN), `and ${hidden} more.`] : faults;
    const list = shown.length > 1 ? `\n  ${shown.join('\n  ')}` : ` ${shown.join()}`;
    super(`${caller}: ${file}:${list}`, { cause });
    this.file = file;
    this.faults = faults;
  }
}
