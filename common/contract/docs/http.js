// Draws openapi.yaml with Swagger UI, in the colours that the reader's system asks for.

const dark = matchMedia("(prefers-color-scheme: dark)");

function followSystem() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

dark.addEventListener("change", followSystem);
followSystem();

window.SwaggerUIBundle({
  url: "/api/openapi.yaml",
  domNode: document.getElementById("http"),
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  // The default asks a public validator about the document.
  validatorUrl: null,
});
