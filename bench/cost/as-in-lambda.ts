/** Lambdas tell their metrics and their log as they do on AWS, so that the lines can be counted. Imported before any of them is. */
process.env["AWS_LAMBDA_FUNCTION_NAME"] = "cost";
