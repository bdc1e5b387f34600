/** The journeys to what `npm start` runs. */
import { afterAll } from "vitest";
import { productProcess } from "../product-process.ts";
import { journeys } from "./journeys.ts";

// What is ended is refused within so many seconds, instead of 30.
process.env["AUTH_CACHE_SECONDS"] = "2";
const product = await productProcess();
await product.start();
afterAll(product.remove);

const { baseUrl, platformKey } = product.demo();
journeys({ baseUrl, platformKey });
