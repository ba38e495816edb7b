import { type MimeBundle, newDisplay } from './display';

/** An output that follows something under way, such as the loss of a training. */
export interface LiveDisplay {
  /** Shows a new bundle, at most four times a second; in between it does not even ask for one. */
  update(make: () => MimeBundle): void;
  /** Shows how things ended. */
  end(bundle: MimeBundle): void;
}

const MILLISECONDS = 250;
/** A Plotly renderer takes no updates once it has drawn, so only the last bundle has this form. */
const PLOTLY = 'application/vnd.plotly.v1+json';

/**
 * One output below the running cell that is drawn again and again. Its methods throw KernelError
 * outside the kernel.
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
