/** The page at `/docs`: Scalar's API reference on our document, with everything switched off that would call another host. */

/** Scalar's program is served by us, too; it stands in this package. */
export const scalarModule = "@scalar/api-reference/browser/standalone.js";

const configuration = {
  url: "/openapi.json",
  theme: "default",
  layout: "modern",
  // Web fonts, usage counts, the chat, the hosted client and its developer tools all live on Scalar's hosts.
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
  documentDownloadType: "json",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  authentication: { preferredSecurityScheme: "bearer" },
  operationTitleSource: "summary",
  showOperationId: true,
  defaultOpenFirstTag: true,
  orderSchemaPropertiesBy: "preserve",
};

/** Without inline scripts, so that the page can forbid them. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clientele API</title>
<link rel="icon" href="data:,">
</head>
<body>
<script id="api-reference" data-configuration="${JSON.stringify(configuration).replaceAll('"', "&quot;")}"></script>
<script src="/docs/scalar.js"></script>
</body>
</html>
`;
