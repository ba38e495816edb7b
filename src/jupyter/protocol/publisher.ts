import type { Header } from './message';
import { outsideCells } from './scope';

/** Sends one message on IOPub, the channel that every front end listens to. */
export interface Sender {
  send(type: string, content: object, parent: Header): void;
}

/** The two text streams of a cell. */
export type StreamName = 'stdout' | 'stderr';

/**
 * Text messages sent without delay, per second. In a burst, further text is joined into fewer
 * messages, because the Jupyter server drops messages beyond 1,000 a second.
 */
const PIECES_PER_SECOND = 250;
const JOIN_MS = 50;
/** The kernel's own: a cell may replace the global ones. */
const { clearTimeout, Date, setTimeout } = globalThis;

/** Publishes on IOPub in order, and joins text that arrives too fast into fewer messages. */
export class OutputPublisher {
  private credit = PIECES_PER_SECOND;
  private creditedAt = Date.now();
  private held: { name: StreamName; text: string; parent: Header } | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sender: Sender) {}

  /** Publishes one message, after all text that came before it. */
  publish(type: string, content: object, parent: Header): void {
    this.flush();
    this.sender.send(type, content, parent);
  }

  /** Publishes text at once. In a burst, within 50 ms or when the cell next awaits something. */
  stream(name: StreamName, text: string, parent: Header): void {
    if (this.held?.name !== name || this.held.parent !== parent) {
      this.flush();
      this.held = { name, text: '', parent };
    }
    this.held.text += text;
    if (this.spend()) {
      this.flush();
    } else {
      this.timer ??= outsideCells(() => setTimeout(() => this.flush(), JOIN_MS));
    }
  }

  /** Publishes the text that is held back. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.held === undefined) return;
    const { name, text, parent } = this.held;
    this.held = undefined;
    this.sender.send('stream', { name, text }, parent);
  }

  /** Takes one message from a token bucket that refills evenly; false if it is empty. */
  private spend(): boolean {
    const now = Date.now();
    const earned = ((now - this.creditedAt) / 1000) * PIECES_PER_SECOND;
    this.credit = Math.min(PIECES_PER_SECOND, this.credit + earned);
    this.creditedAt = now;
    if (this.credit < 1) return false;
    this.credit -= 1;
    return true;
  }
}
