/** Stands for the SDK's chain of credential sources in a bundle: in a Lambda, credentials are always in the environment. */
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";
