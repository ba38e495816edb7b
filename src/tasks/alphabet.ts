/**
 * Every character that a text of this room may hold, each once: what a character-level tokenizer
 * needs to know. The newline ends every completion and every line of pretraining text.
 */
export const ALPHABET = '\n *+,-.0123456789:=?ABCEHMNRSTZabcdefghiklmnoprstuvwxy';
