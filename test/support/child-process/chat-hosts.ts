/** What an MCP client and an ACP client have in common for a test: a prompt that is started, cancelled, and has an end. */
import { AcpHost } from "./acp-host.ts";
import type { StartOptions } from "./child.ts";
import { McpHost } from "./mcp-host.ts";
import type { RpcHost } from "./rpc-host.ts";

export interface ChatEnd {
  /** `completed`, `cancelled`, or in words of the host why it went wrong. */
  status: string;
  /** The answer, as it was passed on piece by piece. */
  text: string;
}

export interface Chat {
  readonly end: Promise<ChatEnd>;
  /** Resolves when the cancel was taken. */
  cancel(): Promise<void>;
}

export interface ChatHost {
  readonly rpc: RpcHost;
  /** Resolves when the host knows all that it gets before the end. */
  start(prompt: string): Promise<Chat>;
}

const GOES_ON = new Set(["starting", "queued", "running", "awaiting_approval"]);

/** A test may be over before the end of a prompt that it does not wait for: then its child is gone, and that is no fault. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

class McpChats implements ChatHost {
  readonly rpc: McpHost;

  constructor(rpc: McpHost) {
    this.rpc = rpc;
  }

  async start(prompt: string): Promise<Chat> {
    const { run_id } = await this.rpc.state("seren_dispatch", { prompt });
    return {
      end: handled(this.#follow(run_id)),
      cancel: async () => void (await this.rpc.state("seren_run_cancel", { run_id })),
    };
  }

  async #follow(run_id: unknown): Promise<ChatEnd> {
    let [text, cursor] = ["", 0];
    for (;;) {
      const state = await this.rpc.state("seren_run_status", { run_id, cursor, wait_seconds: 30 });
      text += state.text;
      const hasMore = state.cursor !== cursor;
      cursor = Number(state.cursor);
      if (!GOES_ON.has(`${state.status}`) && !hasMore) return { status: `${state.status}`, text };
    }
  }
}

class AcpChats implements ChatHost {
  readonly rpc: AcpHost;

  constructor(rpc: AcpHost) {
    this.rpc = rpc;
  }

  async start(prompt: string): Promise<Chat> {
    const { rpc } = this;
    const sessionId = await rpc.session();
    const ended = rpc.prompt(sessionId, prompt);
    const statusOf = ({ stopReason }: { stopReason?: unknown }) =>
      stopReason === "end_turn" ? "completed" : `${stopReason}`;
    return {
      end: handled(
        ended.then(({ result, error }) => ({
          status: result ? statusOf(result) : `${error?.message}`,
          text: rpc.said(sessionId),
        })),
      ),
      cancel: async () => {
        rpc.cancel(sessionId);
        await ended;
      },
    };
  }
}

const START = {
  mcp: async (options: StartOptions): Promise<ChatHost> => new McpChats(await McpHost.initialized(options)),
  acp: async (options: StartOptions): Promise<ChatHost> => new AcpChats(await AcpHost.initialized(options)),
};

export type ChatKind = keyof typeof START;
export const CHAT_KINDS = Object.keys(START) as ChatKind[];

export function startChatHost(kind: ChatKind, options: StartOptions = {}): Promise<ChatHost> {
  return START[kind](options);
}
