import { setTimeout as wait } from 'node:timers/promises';

/** Statuses after which the hub may answer well a moment later. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
/** Seconds before the second, third and fourth try, unless the hub names a time itself. */
const WAITS = [0.5, 1, 2];
const LONGEST_WAIT = 60;

/**
 * Asks again if the hub is busy or broken for a moment, after the time that its `Retry-After` names.
 * @returns the first good answer, or the last one
 */
export async function askPatiently(send: () => Promise<Response>): Promise<Response> {
  for (const seconds of WAITS) {
    const response = await send();
    if (!PASSING.has(response.status)) return response;
    const named = retryAfter(response.headers.get('retry-after'));
    if (named !== undefined && named > LONGEST_WAIT) return response;
    await response.body?.cancel();
    await wait(1000 * (named ?? seconds));
  }
  return send();
}

/** The seconds of a Retry-After header, a number or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/**
 * Waits for a promise, but not longer than this.
 * @param stop is called if it takes longer
 */
export async function within<T>(
  seconds: number,
  promise: Promise<T>,
  stop: () => void = () => undefined,
): Promise<T> {
  const timer = new AbortController();
  const late = wait(1000 * seconds, undefined, { signal: timer.signal }).then(() => {
    stop();
    throw new Error(`nothing came for ${seconds} seconds`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
    promise.catch(() => undefined);
  }
}
