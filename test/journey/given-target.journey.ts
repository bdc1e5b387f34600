/** The journeys to where `npm run journey` was told to go. */
import { journeys } from "./journeys.ts";
import { readTarget } from "./target.ts";

journeys(readTarget([], process.env));
