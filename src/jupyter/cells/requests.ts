import * as typescript from '@tslab/typescript-for-tslab';
import type { Executor } from 'tslab/dist/executor';
import { JupyterHandlerImpl } from 'tslab/dist/jupyter';
import { getVersion } from 'tslab/dist/util';
import { PROTOCOL_VERSION, type RequestHandler, textOf } from '../protocol';
import { completenessOf } from './completeness';
import type { History } from './history';

/** Creates the handlers of requests that are answered at once, by message type. tslab answers those about code. */
export function createHandlers(
  executor: Executor,
  history: History,
): Record<string, RequestHandler> {
  const tslab = new JupyterHandlerImpl(executor, false);
  return {
    kernel_info_request: kernelInfo,
    is_complete_request: ({ code }) => completenessOf(textOf(code)),
    inspect_request: (content) =>
      tslab.handleInspect(content as unknown as Parameters<typeof tslab.handleInspect>[0]),
    complete_request: (content) =>
      tslab.handleComplete(content as unknown as Parameters<typeof tslab.handleComplete>[0]),
    // No comms, so no widgets.
    comm_info_request: () => ({ status: 'ok', comms: {} }),
    history_request: (content) => history.find(content),
  };
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
