import * as typescript from '@tslab/typescript-for-tslab';
import type { Executor } from 'tslab/dist/executor';
import { getVersion } from 'tslab/dist/util';
import { PROTOCOL_VERSION, type RequestHandler, textOf } from '../protocol';
import { complete, inspect } from './code-help';
import { completenessOf } from './completeness';
import type { History } from './history';

/** Creates the handlers of requests that are answered at once, by message type. */
export function createHandlers(
  executor: Executor,
  history: History,
): Record<string, RequestHandler> {
  return {
    kernel_info_request: kernelInfo,
    is_complete_request: ({ code }) => completenessOf(textOf(code)),
    inspect_request: (content) => inspect(executor, placeOf(content)),
    complete_request: (content) => complete(executor, placeOf(content)),
    // No comms, so no widgets.
    comm_info_request: () => ({ status: 'ok', comms: {} }),
    history_request: (content) => history.find(content),
  };
}

function placeOf({ code, cursor_pos }: Record<string, unknown>) {
  const text = textOf(code);
  return { code: text, cursor: typeof cursor_pos === 'number' ? cursor_pos : text.length };
}

function kernelInfo(): object {
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'tslab',
    implementation_version: getVersion(),
    banner: `TypeScript ${typescript.version} (tslab ${getVersion()}, Node ${process.version})`,
    help_links: [],
    language_info: {
      name: 'typescript',
      version: typescript.version,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      nbconvert_exporter: 'script',
      // JupyterLab reads `mode`, the classic notebook the other two.
      codemirror_mode: { mode: 'typescript', name: 'javascript', typescript: true },
    },
  };
}
