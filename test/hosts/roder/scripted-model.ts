/** A model whose turns are prepared: answers OpenAI's Responses API on loopback and keeps what it was given. */
import { createServer, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import * as z from "zod";

const RequestSchema = z.looseObject({
  instructions: z.string().optional(),
  input: z.array(z.looseObject({ type: z.string().optional(), call_id: z.string().optional() })),
  tools: z.array(z.looseObject({ name: z.string().optional() })).default([]),
});
export type ModelRequest = z.output<typeof RequestSchema>;

export interface ToolUse {
  tool: string;
  arguments: object;
}

/** One answer of the model, made from the results it has got so far, oldest first. */
export type Turn = (results: readonly string[]) => ToolUse[] | string;

export class ScriptedModel {
  readonly requests: ModelRequest[] = [];
  readonly #server: Server;
  readonly #turns: Turn[];

  private constructor(turns: Turn[]) {
    this.#turns = [...turns];
    this.#server = createServer((request, response) => {
      void text(request).then((body) => this.#answer(request.url ?? "", body, response));
    });
  }

  static async start(turns: Turn[]): Promise<ScriptedModel> {
    const model = new ScriptedModel(turns);
    await new Promise<void>((resolve) => void model.#server.listen(0, "127.0.0.1", resolve));
    return model;
  }

  get baseUrl(): string {
    const { port } = z.object({ port: z.int() }).parse(this.#server.address());
    return `http://127.0.0.1:${port}/v1`;
  }

  /** What the tools answered, in order, as the model read it. */
  get results(): string[] {
    return resultsIn(this.requests.at(-1));
  }

  /** A tool as the model was offered it. */
  tool(name: string): unknown {
    return this.requests[0]?.tools.find((tool) => tool.name === name);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(path: string, body: string, response: ServerResponse): void {
    if (!path.endsWith("/responses")) {
      response.writeHead(404).end();
      return;
    }
    const request = RequestSchema.parse(JSON.parse(body));
    this.requests.push(request);
    const turn = this.#turns.shift()?.(resultsIn(request)) ?? "There is nothing left to do.";
    const id = `resp_${this.requests.length}`;
    const output =
      typeof turn === "string" ? [message(id, turn)] : turn.map((use, index) => call(`${id}_${index}`, use));
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (type: string, data: object) =>
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
    send("response.created", { response: { id, status: "in_progress", output: [] } });
    for (const [output_index, item] of output.entries()) {
      send("response.output_item.added", { output_index, item });
      if ("content" in item) send("response.output_text.delta", { item_id: item.id, output_index, delta: turn });
      send("response.output_item.done", { output_index, item });
    }
    send("response.completed", { response: { id, status: "completed", output, usage } });
    response.end();
  }
}

function message(id: string, said: string) {
  return {
    type: "message",
    id: `msg_${id}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: said, annotations: [] }],
  };
}

function call(id: string, { tool, arguments: args }: ToolUse) {
  return {
    type: "function_call",
    id: `fc_${id}`,
    call_id: `call_${id}`,
    name: tool,
    arguments: JSON.stringify(args),
    status: "completed",
  };
}

function resultsIn(request: ModelRequest | undefined): string[] {
  const outputs = request?.input.filter((item) => item.type === "function_call_output") ?? [];
  return outputs.map(({ output }) => (typeof output === "string" ? output : JSON.stringify(output)));
}
