/** Routes of the documentation, which no operation has: everybody may read it. */
export const documentRoutes = ["GET /", "GET /openapi.json", "GET /docs", "GET /docs/scalar.js", "GET /problems/{code}"] as const;
