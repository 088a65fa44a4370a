/** A client on a scripted transport and virtual time. */
import { SerenClient } from "../../../src/seren/client.ts";
import { FakeTransport } from "../../support/fake-transport.ts";
import { VirtualAmbient } from "../../support/virtual-ambient.ts";

export function clientRig(seed = 1) {
  const ambient = new VirtualAmbient(seed);
  const transport = new FakeTransport(ambient);
  return { ambient, transport, client: new SerenClient(transport, ambient) };
}
