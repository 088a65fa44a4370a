/** What Node, undici and one request cost a command that shows a list. */
import { Agent, request } from "undici";

const { SEREN_API_BASE: base, SEREN_API_KEY: key } = process.env;
const dispatcher = new Agent();
const headers = { authorization: `Bearer ${key}`, accept: "application/json" };
const { body } = await request(`${base}/publishers/seren-cloud/runs`, { dispatcher, headers });
const { data } = await body.json();
process.stdout.write(`${JSON.stringify(data)}\n`);
await dispatcher.close();
