/** Frames and whole answers of real servers, as they document them or were seen to send them. */
import { expect, test } from "vitest";
import { errorIn, isDelta, piecesOf } from "../../../src/app/model-answer.ts";

type Said = (string | [string, ...unknown[]])[];
const choice = (delta: unknown, more: object = {}) => ({ choices: [{ index: 0, delta, ...more }] });
const text = (value: unknown) => choice({ content: value });
const usage = (prompt_tokens: unknown, completion_tokens: unknown) => ({
  choices: [],
  usage: { prompt_tokens, completion_tokens },
});

/** What a frame says: texts, `["thinking", …]`, `["usage", in, out]`, `["end", reason]`, `["error", words]`. */
function saidBy(value: unknown): Said {
  const error = errorIn(value);
  if (error !== undefined) return [["error", error]];
  return [...piecesOf(value)].map((piece): Said[number] => {
    if ("text" in piece) return piece.type === "text" ? piece.text : ["thinking", piece.text];
    if (piece.type === "end") return ["end", piece.reason];
    return ["usage", piece.inputTokens, piece.outputTokens];
  });
}

const BEHAVIOURS: readonly [string, unknown, Said][] = [
  [
    "OpenAI: the role first",
    choice({ role: "assistant", content: "", refusal: null }, { logprobs: null, finish_reason: null }),
    [],
  ],
  ["OpenAI: text", text("Hi"), ["Hi"]],
  ["OpenAI: the end", choice({}, { finish_reason: "stop" }), [["end", "stop"]]],
  ["OpenAI: a refusal", choice({ refusal: "I cannot" }), ["I cannot", ["end", "refusal"]]],
  ["OpenAI: counts", usage(9, 12), [["usage", 9, 12]]],
  ["OpenAI: counts that are null until the end", { choices: [{ delta: { content: "x" } }], usage: null }, ["x"]],
  [
    "OpenAI: an error in the middle",
    { error: { message: "The server had an error", type: "server_error", code: null } },
    [["error", "The server had an error"]],
  ],
  ["OpenAI: cut by the limit", choice({}, { finish_reason: "length" }), [["end", "length"]]],
  [
    "OpenAI: choice 1 before 0",
    {
      choices: [
        { index: 1, delta: { content: "no" } },
        { index: 0, delta: { content: "yes" } },
      ],
    },
    ["yes"],
  ],
  ["OpenAI: choice 1 alone", { choices: [{ index: 1, delta: { content: "no" } }] }, []],
  ["a part by itself", text({ type: "text", text: "x" }), ["x"]],
  ["a thought by itself", text({ type: "thinking", thinking: "hm" }), [["thinking", "hm"]]],
  ["a part of nothing", text({ type: "text" }), []],
  ["an error that is a number", { error: 503 }, [["error", "code 503"]]],
  ["an error that is zero", { error: { code: 0, message: "broken" } }, [["error", "broken"]]],
  ["OpenAI: an odd member", choice({ content: "x", tool_calls: 5, annotations: "no" }, { logprobs: [] }), ["x"]],
  ["Azure: filter results first", { choices: [], prompt_filter_results: [{ prompt_index: 0 }] }, []],
  ["Azure: filtered", choice({}, { finish_reason: "content_filter" }), [["end", "content_filter"]]],
  [
    "Azure: filtered request",
    { error: { code: "content_filter", message: "The response was filtered", innererror: {} } },
    [["error", "The response was filtered"]],
  ],
  [
    "vLLM: an error of its own form",
    { object: "error", message: "maximum context length", type: "BadRequestError", code: 400 },
    [["error", "maximum context length"]],
  ],
  ["vLLM: reasoning", choice({ reasoning_content: "hm", content: null }), [["thinking", "hm"]]],
  ["vLLM, newer: reasoning", choice({ reasoning: "hm" }), [["thinking", "hm"]]],
  [
    "vLLM: counts in every frame",
    { ...text("a"), usage: { prompt_tokens: 3, completion_tokens: 1 } },
    ["a", ["usage", 3, 1]],
  ],
  ["FastAPI: detail", { detail: "Not authenticated" }, [["error", "Not authenticated"]]],
  ["FastAPI: details", { detail: [{ loc: ["body"], msg: "field required" }] }, [["error", "field required"]]],
  [
    "llama.cpp: timings",
    { ...choice({}, { finish_reason: "stop" }), timings: { predicted_n: 3.5 } },
    [["end", "stop"]],
  ],
  [
    "llama.cpp: an error",
    { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
    [["error", "Loading model"]],
  ],
  [
    "llama.cpp: a null delta with a message",
    { choices: [{ delta: null, message: { content: "m" }, finish_reason: "stop" }] },
    ["m", ["end", "stop"]],
  ],
  ["Ollama: a bare error", { error: "model 'x' not found" }, [["error", "model 'x' not found"]]],
  ["Ollama: reasoning", choice({ role: "assistant", content: "", reasoning: "hm" }), [["thinking", "hm"]]],
  [
    "LM Studio: a whole message",
    {
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    },
    ["Hi", ["usage", 1, 2], ["end", "stop"]],
  ],
  ["LM Studio: its end", choice({}, { finish_reason: "eosFound" }), [["end", "eosfound"]]],
  [
    "Groq: counts of its own",
    { choices: [], x_groq: { id: "r", usage: { prompt_tokens: 4, completion_tokens: 5 } } },
    [["usage", 4, 5]],
  ],
  [
    "Groq: an error of its own",
    { choices: [], x_groq: { error: { message: "over capacity" } } },
    [["error", "over capacity"]],
  ],
  [
    "Mistral: parts",
    text([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]),
    ["a", "b"],
  ],
  [
    "Mistral: thinking in parts",
    text([
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "so" },
    ]),
    [["thinking", "hm"], "so"],
  ],
  [
    "Mistral: an error",
    { object: "error", message: "Rate limit exceeded", type: "rate_limited", code: "1300" },
    [["error", "Rate limit exceeded"]],
  ],
  [
    "Mistral: an error in JSON inside its message",
    { object: "error", message: '{"detail":[{"msg":"Extra inputs are not permitted"}]}', type: "internal_error_proxy" },
    [["error", "Extra inputs are not permitted"]],
  ],
  [
    "Mistral: an error with lists",
    { object: "Error", detail: [{ msg: "Extra inputs" }], message: [{ msg: "Extra inputs" }], code: 3001 },
    [["error", "Extra inputs"]],
  ],
  [
    "OpenRouter: an error whose words are the provider's",
    { error: { code: 400, message: "", metadata: { raw: '{"error":{"message":"too long"}}' } } },
    [["error", "too long"]],
  ],
  [
    "LiteLLM: an error of an error",
    { error: { message: { error: "No deployments" }, code: "429" } },
    [["error", "No deployments"]],
  ],
  [
    "Apigee: a fault",
    { fault: { faultstring: "Invalid API Key", detail: { errorcode: "x" } } },
    [["error", "Invalid API Key"]],
  ],
  [
    "DashScope: a code and words",
    { code: "InvalidApiKey", message: "Invalid API-key provided.", request_id: "x" },
    [["error", "Invalid API-key provided."]],
  ],
  ["New API: msg", { code: 401, msg: "token is invalid" }, [["error", "token is invalid"]]],
  ["an error that is a list", { error: [{ message: "first" }, { message: "second" }] }, [["error", "first"]]],
  ["an error of true", { error: true, message: "no such model" }, [["error", "no such model"]]],
  ["DeepSeek: thoughts and text", choice({ content: "a", reasoning_content: "hm" }), [["thinking", "hm"], "a"]],
  ["DeepSeek: both spellings", choice({ reasoning: "hm", reasoning_content: "hm" }), [["thinking", "hm"]]],
  [
    "DeepSeek: not enough",
    choice({}, { finish_reason: "insufficient_system_resource" }),
    [["end", "insufficient_system_resource"]],
  ],
  [
    "OpenRouter: an error in a choice",
    {
      choices: [
        { delta: { content: "" }, finish_reason: "error", error: { code: 502, message: "Provider returned error" } },
      ],
    },
    [["error", "Provider returned error"]],
  ],
  [
    "OpenRouter: an error beside a choice",
    { error: { code: 429, message: "Slow down" }, choices: [{ delta: { content: "" }, finish_reason: "error" }] },
    [["error", "Slow down"]],
  ],
  [
    "OpenRouter: an error without words",
    { choices: [{ delta: {}, finish_reason: "error" }] },
    [["error", "an error without a message"]],
  ],
  [
    "Gemini: an error in a list",
    [{ error: { code: 400, message: "API key not valid", status: "INVALID_ARGUMENT" } }],
    [["error", "API key not valid"]],
  ],
  ["Gemini: a capital end", choice({}, { finish_reason: "STOP" }), [["end", "stop"]]],
  [
    "Anthropic: an error",
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    [["error", "Overloaded"]],
  ],
  [
    "Anthropic: its end and counts",
    { ...choice({}, { finish_reason: "end_turn" }), usage: { input_tokens: 7, output_tokens: 8 } },
    [
      ["usage", 7, 8],
      ["end", "stop"],
    ],
  ],
  ["TGI: its end", choice({ content: "" }, { finish_reason: "eos_token" }), [["end", "stop"]]],
  ["Cohere and others: a list of errors", { errors: [{ message: "invalid token" }] }, [["error", "invalid token"]]],
  ["a gateway: nothing but a message", { message: "no Route matched" }, [["error", "no Route matched"]]],
  ["a gateway: an empty error beside text", { error: "", ...text("good") }, ["good"]],
  ["a gateway: an error that is null, false or empty", { error: false, ...text("good") }, ["good"]],
  ["a gateway: an empty object as an error", { error: {}, ...text("good") }, ["good"]],
  ["a gateway: only a code", { error: { code: 500 } }, [["error", "code 500"]]],
  ["counts as floats", usage(3.6, 2.2), [["usage", 4, 2]]],
  ["counts as text", usage("3", "2"), [["usage", 3, 2]]],
  ["a negative count", usage(-1, 2), [["usage", 0, 2]]],
  ["counts that are nothing", usage({}, [1, 2]), [["usage", 0, 0]]],
  ["an end that is no text", choice({ content: "x" }, { finish_reason: 5 }), ["x"]],
  ["an empty end in each frame", choice({ content: "x" }, { finish_reason: "" }), ["x"]],
  ["content that is a number", text(5), []],
  ["text of the older API", { choices: [{ index: 0, text: "x", finish_reason: null }] }, ["x"]],
  ["no choices", { id: "x", object: "chat.completion.chunk" }, []],
  ["a choice that is null", { choices: [null, { index: 0, delta: { content: "x" } }] }, ["x"]],
  ["parts that are bare texts", text(["a", null, 5, "b"]), ["a", "b"]],
  ["no object", "hello", []],
];

test.each(BEHAVIOURS)("%s", (_, value, said) => {
  expect(saidBy(value)).toEqual(said);
});

test("the whole message at the end is not said again after its pieces, and is the answer without them", () => {
  const whole = { choices: [{ index: 0, message: { content: "all of it" }, finish_reason: "stop" }] };
  expect([...piecesOf(whole, true)]).toEqual([{ type: "end", reason: "stop" }]);
  expect([...piecesOf(whole)]).toEqual([
    { type: "text", text: "all of it" },
    { type: "end", reason: "stop" },
  ]);
  expect([text("x"), whole, text(""), text({ text: "x" }), {}, 5].map(isDelta)).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
  ]);
});
