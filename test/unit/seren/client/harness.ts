/** A client on a scripted transport and virtual time. */
import { SerenClient } from "../../../../src/seren/client/client.ts";
import { FakeTransport } from "../../../support/in-process/fake-transport.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

export function clientHarness(seed = 1) {
  const ambient = new VirtualAmbient(seed);
  const transport = new FakeTransport(ambient);
  return { ambient, transport, client: new SerenClient(transport, ambient) };
}
