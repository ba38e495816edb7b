import type { Tokenizer } from '@huggingface/tokenizers';
import type { MimeBundle } from '../../jupyter';
import { type Example, labelledPieces } from '../../train';
import { CODE_STYLE, escapeMarkup, panel } from '../card';

const LEARNED =
  'background: var(--jp-info-color3, rgb(128 128 128 / 30%)); color: inherit; border-bottom: 2px solid var(--jp-info-color1, currentColor)';

/**
 * Shows an example as the model sees it, with all special tokens. What is learned has a background
 * and a line below it; as plain text it stands in [[ ]].
 */
export function showLabels(tokenizer: Tokenizer, example: Example): MimeBundle {
  const pieces = labelledPieces(tokenizer, example);
  const html = pieces.map(({ text, isLearned }) =>
    isLearned ? `<mark style="${LEARNED}">${escapeMarkup(text)}</mark>` : escapeMarkup(text),
  );
  const style = `${CODE_STYLE}; color: inherit; white-space: pre-wrap; margin: 0`;
  return {
    'text/html': panel([`<pre style="${style}">${html.join('')}</pre>`]),
    'text/plain': pieces
      .map(({ text, isLearned }) => (isLearned ? `[[${text}]]` : text))
      .join('')
      .trimEnd(),
  };
}
