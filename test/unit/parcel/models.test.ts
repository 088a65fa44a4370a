import { expect, test } from "vitest";
import { modelFields } from "../../../src/parcel/models.ts";
import { altered } from "./parcels.ts";

const fields = async (primary: object | null, fallbacks: object[] = []) =>
  modelFields(await altered("minimal", { models: { primary: primary as never, fallbacks: fallbacks as never } }));

test.each([
  [{ id: "m", provider: "p" }, "p/m"],
  [{ id: "m", provider: null }, "m"],
  [{ id: "m" }, "m"],
  [{ id: "m", provider: "" }, "m"],
  [{ id: "a/m", provider: "p" }, "a/m"],
])("%j", async (model, id) => {
  expect(await fields(model, [model])).toEqual({ model_id: id, fallback_models: [id] });
});

test("members that are not stated are not sent", async () => {
  expect(await fields(null)).toEqual({});
  expect(await fields({ id: "m", options: {} })).toEqual({ model_id: "m" });
});

test("options are sent as they are", async () => {
  expect(await fields({ id: "m", options: { "reasoning-effort": "high" } })).toEqual({
    model_id: "m",
    model_config: { "reasoning-effort": "high" },
  });
});
