/** A text as token ids, and which of them are to be learned. */
export interface Example {
  readonly ids: readonly number[];
  /** for each id, the id itself if it is to be learned, else `IGNORED` */
  readonly labels: readonly number[];
  /** the answers of a conversation that are not learned; 0 unless given */
  readonly answersLeftOut?: number;
  /** for each id, where its text starts, if these are several texts; 0 unless given */
  readonly starts?: readonly number[];
}
