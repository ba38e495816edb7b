import type { Header } from './message';
import { outsideCells } from './scope';

/** Puts one message on IOPub, the channel every front end listens to. */
export type PublishFunction = (type: string, content: object, parent: Header) => void;

/** The two text streams of a cell. */
export type StreamName = 'stdout' | 'stderr';

/**
 * The Jupyter server drops what a kernel sends faster than 1,000 messages a second. Up to this
 * many pieces of text go out one by one, at once; in a burst the rest is joined.
 */
const PIECES_PER_SECOND = 250;
const JOIN_MS = 50;

/** Publishes on IOPub in order, and joins text that comes too fast into fewer messages. */
export class OutputPublisher {
  private credit = PIECES_PER_SECOND;
  private creditedAt = Date.now();
  private held: { name: StreamName; text: string; parent: Header } | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: PublishFunction) {}

  /** Publishes one message, after all text that came before it. */
  publish(type: string, content: object, parent: Header): void {
    this.flush();
    this.send(type, content, parent);
  }

  /** Publishes text at once; in a burst within 50 ms, or when the cell next lets go. */
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

  /** Publishes the text held back. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.held === undefined) return;
    const { name, text, parent } = this.held;
    this.held = undefined;
    this.send('stream', { name, text }, parent);
  }

  /** A bucket that holds one second's worth of messages and fills up evenly. */
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
