/** What this process is. Read at import: what a Lambda tells of itself is put around its handler then, and costs others nothing. */
import { serviceName } from "../../domain/kernel/metric.ts";

export const isInLambda = process.env["AWS_LAMBDA_FUNCTION_NAME"] !== undefined;

/** The deployment, as logs, metrics and traces name it. */
export const service = process.env["POWERTOOLS_SERVICE_NAME"] || serviceName;
