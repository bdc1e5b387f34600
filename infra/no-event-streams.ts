/** Stands for the SDK's event streams in a bundle: no operation of DynamoDB has one, so nobody ever calls this. */
const leftOut = () => {
  throw new Error("Event streams are left out of this bundle; see infra/bundling.ts.");
};
export const EventStreamSerde = leftOut;
export const eventStreamSerdeProvider = leftOut;
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
