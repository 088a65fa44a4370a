/** The Dispatch courier. */

export { courierHandshake } from "./handshake.ts";
export { type Courier, type CourierOptions, createCourier } from "./plugin.ts";
