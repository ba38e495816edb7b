import { removeLora } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import type { Module } from '../../tensor/nn';
import { loraEmbeddingsOf, removeEmbeddings } from '../embedding';
import { baseParameters, type LoadedAdapter, replacedTables } from '../peft';

/**
 * An adapter of a bank is on linear layers alone: an embedding, and what of the base it trains or
 * brings along, would be in use with every other adapter too.
 * @throws ArgumentError if a model's adapter has more than linear layers
 */
export function assertLinearLayersAlone(model: Module): void {
  const base = [...baseParameters(model)];
  const trained = base.filter(([, { trainable }]) => trainable).map(([name]) => name);
  // An adapter on the head has a copy of the base's own weight in its file.
  const tables = [...replacedTables(model)].filter(([tensor]) => !tensor.includes('.base_layer.'));
  const more = [
    ...[...loraEmbeddingsOf(model).keys()].map((name) => `an adapter on ${name}`),
    // All of them: nothing was frozen, so nothing was chosen.
    ...(trained.length < base.length ? trained : []),
    ...tables.map(([, { name }]) => name),
  ];
  if (more.length === 0) return;
  throw new ArgumentError(
    `AdapterBank: adapt must change linear layers alone, but it brought ${more.slice(0, 5).join(', ')}: all adapters of the bank would use that. Load such an adapter without a bank.`,
  );
}

/** Takes what `adapt` did off a model. @param made what it returned, such as a loaded adapter */
export function undoAdapt(model: Module, made: unknown): void {
  const { restoreBase } = (made ?? {}) as Partial<LoadedAdapter>;
  if (typeof restoreBase === 'function') restoreBase();
  removeEmbeddings(model);
  removeLora(model);
}
