import { type MimeBundle, newDisplay } from './display';

/** An output that follows a running computation, such as the loss during training. */
export interface LiveDisplay {
  /** Shows a new bundle, at most four times a second; `make` is not called in between. */
  update(make: () => MimeBundle): void;
  /** Shows the final bundle. */
  end(bundle: MimeBundle): void;
}

const MILLISECONDS = 250;
/** Only the final bundle has this form: a Plotly renderer ignores updates after it has drawn. */
const PLOTLY = 'application/vnd.plotly.v1+json';

/**
 * Creates an output below the running cell that is redrawn again and again. Its methods throw
 * KernelError outside the kernel.
 */
export function newLiveDisplay(): LiveDisplay {
  const display = newDisplay();
  let shownAt = -Infinity;
  return {
    update(make): void {
      const now = performance.now();
      if (now - shownAt < MILLISECONDS) return;
      shownAt = now;
      const drawing = make();
      delete drawing[PLOTLY];
      display.show(drawing);
    },
    end(bundle): void {
      display.show(bundle);
    },
  };
}
