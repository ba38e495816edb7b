import { type LoRALinear, loraLayersOf } from '../../lora';
import { ArgumentError } from '../../tensor/errors';
import { disposeAll, type Module, putLayers } from '../../tensor/nn';
import { type BankMemory, measureBank } from './bank-memory';
import { claimModel } from './claim-model';
import { assertLinearLayersAlone, undoAdapt } from './linear-layers-alone';
import { MixedLinear } from './mixed-linear';
import { BASE_ALONE, makeMixtures } from './mixtures';
import type { RowScales } from './row-scales';

/** Puts an adapter on a model without one: calls `injectLora`, `loadAdapter` or the like. */
export type Adapt = (model: Module) => unknown;

/** The adapters in use: the same for all rows, or one for each row. */
interface Selection {
  names: readonly string[];
  perRow: boolean;
}

/** Until something async ends the base is in use alone; then this selection is. */
interface Pause {
  selection: Selection;
}

/**
 * Many adapters on one base model; nothing of the base is copied. Each has its own ranks, alphas
 * and targets. In use is one adapter, the sum of several, none, or one for each row of a batch.
 *
 * With one in use the model is as after `injectLora`: it trains and saves as usual. `mergeLora`
 * merges that adapter for good and ends it; the model keeps the merged weights until another
 * adapter is activated. The bank owns the adapters and replaces layers of the model; the model
 * stays the caller's, and has no adapter after `dispose()`.
 *
 * Until `add` or `replace` ends, every other change of the bank throws an ArgumentError.
 */
export class AdapterBank {
  private readonly adapters = new Map<string, ReadonlyMap<string, LoRALinear>>();
  private selection: Selection = { names: [], perRow: false };
  private placed: ReadonlyMap<string, LoRALinear | MixedLinear> = new Map();
  private scales: readonly RowScales[] = [];
  /** while an adapter is made */
  private making: Pause | null = null;
  /** of the runs of `disabled`, the first first */
  private readonly disabling: Pause[] = [];

  /** @throws ArgumentError if the model has an adapter already, or is in a bank that has some */
  constructor(private readonly model: Module) {
    claimModel(model, this);
  }

  /** The names of all adapters, in the order of `add`. */
  get names(): string[] {
    return [...this.adapters.keys()];
  }

  /**
   * Adds an adapter without using it. While `adapt` runs, the model has no adapter.
   * @param adapt puts it on the model, such as `(model) => loadAdapter(model, folder)`
   * @throws ArgumentError if the name is taken, empty or '__base__', or `adapt` puts no adapter on
   *   a layer, or changes more than linear layers; the bank is then as it was, also if `adapt` throws
   */
  async add(name: string, adapt: Adapt): Promise<void> {
    this.assertIdle('add');
    if (name === '' || name === BASE_ALONE || this.adapters.has(name)) {
      throw new ArgumentError(
        `AdapterBank.add: name must be a new one, not empty and not ${BASE_ALONE}, got "${name}". There are: ${this.list()}.`,
      );
    }
    await this.make(adapt, (made) => this.adapters.set(name, made));
  }

  /** Replaces an adapter; the new one is in use if the old one was. @throws what `add` throws */
  async replace(name: string, adapt: Adapt): Promise<void> {
    this.assertIdle('replace');
    const old = this.layers(name);
    await this.make(adapt, (made, selection) => {
      this.adapters.set(name, made);
      try {
        this.select(selection);
      } catch (error) {
        this.adapters.set(name, old);
        disposeAll(made);
        throw error;
      }
      disposeAll(old);
    });
  }

  /** Frees an adapter. @throws ArgumentError if there is none of that name, or it is in use */
  delete(name: string): void {
    this.assertIdle('delete');
    const layers = this.layers(name);
    if (this.selection.names.includes(name)) {
      throw new ArgumentError(
        `AdapterBank.delete: name must be an adapter that is not in use, got ${name}. Activate another one, or none, first.`,
      );
    }
    this.adapters.delete(name);
    disposeAll(layers);
  }

  /** An adapter's layers, by name. @throws ArgumentError if there is none of that name */
  layers(name: string): ReadonlyMap<string, LoRALinear> {
    const layers = this.adapters.get(name);
    if (layers) return layers;
    throw new ArgumentError(
      `AdapterBank: name must be one of the adapters, ${this.list()}, got "${name}".`,
    );
  }

  /**
   * Uses one adapter, the sum of several, or, with no name, the base alone.
   * @throws ArgumentError if a name is unknown or given twice, or one of several has a variant
   */
  activate(...names: string[]): void {
    this.assertIdle('activate');
    if (new Set(names).size < names.length) {
      throw new ArgumentError(
        `AdapterBank.activate: names must be different, got ${names.join(', ')}.`,
      );
    }
    this.select({ names, perRow: false });
  }

  /**
   * Uses one adapter for each row of a batch, or `'__base__'` for none, in one pass, until another
   * choice. Every batch must then have as many rows as there are names.
   * @throws ArgumentError if there is no name, one is unknown, or an adapter has a variant
   */
  forRows(names: readonly string[]): void {
    this.assertIdle('forRows');
    if (names.length === 0) {
      throw new ArgumentError('AdapterBank.forRows: names must be one for each row, got none.');
    }
    this.select({ names: [...names], perRow: true });
  }

  /**
   * Runs a function with the base alone, then uses the same adapters as before. Where several run at
   * once, the base is alone until the last ends.
   */
  async disabled<T>(run: () => T | Promise<T>): Promise<T> {
    this.assertIdle('disabled');
    const pause = { selection: this.selection };
    this.activate();
    this.disabling.push(pause);
    try {
      return await run();
    } finally {
      const at = this.disabling.indexOf(pause);
      this.disabling.splice(at, 1);
      const longer = this.disabling[at] ?? this.making;
      if (longer) longer.selection = pause.selection;
      else this.select(pause.selection);
    }
  }

  /** The bytes of base and adapters, counted from live tensors. */
  memoryReport(): BankMemory {
    return measureBank(this.model, this.adapters, this.scales);
  }

  /** Frees all adapters; the model has none then, but for one that an `add` is still making. */
  dispose(): void {
    this.making = null;
    this.activate();
    for (const layers of this.adapters.values()) disposeAll(layers);
    this.adapters.clear();
  }

  /** @param keep gets the layers, and the selection that is in use afterwards */
  private async make(
    adapt: Adapt,
    keep: (layers: ReadonlyMap<string, LoRALinear>, selection: Selection) => void,
  ): Promise<void> {
    const making = { selection: this.selection };
    this.activate();
    this.making = making;
    let made: unknown;
    try {
      made = await adapt(this.model);
      this.assertMaking(making);
      assertLinearLayersAlone(this.model);
      const layers = loraLayersOf(this.model);
      if (layers.size === 0) {
        throw new ArgumentError('AdapterBank: adapt must put an adapter on a layer, got none.');
      }
      putLayers(this.model, new Map([...layers].map(([name, { base }]) => [name, base])));
      keep(layers, making.selection);
    } catch (error) {
      if (this.making === making) undoAdapt(this.model, made);
      throw error;
    } finally {
      if (this.making === making) {
        this.making = null;
        this.select(making.selection);
      }
    }
  }

  private assertMaking(making: Pause): void {
    if (this.making === making) return;
    throw new ArgumentError(
      'AdapterBank: the bank must stay until adapt is done, but dispose() was called. The adapter is on the model: removeLora takes it off.',
    );
  }

  private assertIdle(caller: string): void {
    if (!this.making) return;
    throw new ArgumentError(
      `AdapterBank.${caller}: the bank must be done with add and replace, but is making an adapter. Await that first; if it was interrupted, dispose() and make a new bank.`,
    );
  }

  /** Checks and makes everything before the first layer is replaced. */
  private select(selection: Selection): void {
    const { names, perRow } = selection;
    const used = new Set(names.filter((name) => !perRow || name !== BASE_ALONE));
    const adapters = new Map([...used].map((name) => [name, this.layers(name)]));
    for (const [name, layers] of adapters) {
      if (![...layers.values()].some(({ isDisposed }) => isDisposed)) continue;
      throw new ArgumentError(
        `AdapterBank: ${name} must be alive, but was merged or removed. Delete or replace it.`,
      );
    }
    const [first] = adapters.values();
    const alone = !perRow && adapters.size === 1;
    const { layers, scales } =
      first && alone
        ? { layers: first, scales: [] }
        : makeMixtures(adapters, perRow ? names : null);
    for (const [name, layer] of this.placed) {
      if (layer.isDisposed) continue; // merged: a layer of the model's own is in its place
      this.model.replaceModule(name, layer.base);
      if (layer instanceof MixedLinear) layer.dispose();
    }
    putLayers(this.model, layers);
    for (const scales of this.scales) scales.dispose();
    Object.assign(this, { selection, placed: layers, scales });
  }

  private list(): string {
    return this.names.join(', ') || 'none yet';
  }
}
