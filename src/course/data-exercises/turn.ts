/** One turn of a chat, as token ids. */
export interface Turn {
  /** system, user, assistant or tool */
  role: string;
  /** `<|im_start|>assistant\n`, with the role of the turn */
  header: number[];
  /** what is said */
  content: number[];
  /** the token that ends the turn */
  end: number[];
}
