// Draws asyncapi.yaml: what happens on the socket, with every event's fields and examples.

import { load } from "/api/docs/vendor/js-yaml/js-yaml.esm.min.mjs";

const ASYNCAPI = "/api/asyncapi.yaml";

/** Documents by path; references between them are relative to the document they stand in. */
const documents = new Map();

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  documents.set(path, load(await answer.text()));
}

/** A node of a document, and the document that its references are relative to. */
function resolve(node, path) {
  if (!node?.$ref) return { node, path };
  const [file, pointer] = node.$ref.split("#");
  const target = file ? new URL(file, new URL(path, location.origin)).pathname : path;
  const found = pointer.split("/").slice(1).reduce((here, key) => here[key], documents.get(target));
  const end = resolve(found, target);
  const { $ref, ...beside } = node;
  return { node: { ...end.node, ...beside }, path: end.path, name: end.name ?? pointer.split("/").pop() };
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The little Markdown that the document uses: paragraphs, lists, **strong** and `code`. */
function prose(text) {
  const made = element("div", { class: "prose" });
  for (const block of (text ?? "").trim().split(/\n\s*\n/)) {
    const paragraph = element("p");
    for (const part of block.split(/(\*\*[^*]+\*\*|`[^`]+`)/)) {
      if (part.startsWith("**")) paragraph.append(element("strong", {}, part.slice(2, -2)));
      else if (part.startsWith("`")) paragraph.append(element("code", {}, part.slice(1, -1)));
      else paragraph.append(part);
    }
    made.append(paragraph);
  }
  return made;
}

/** Own and inherited properties of an object schema; what comes later in `allOf` says more. */
function properties(schema, path) {
  const { node, path: here } = resolve(schema, path);
  const all = new Map();
  for (const part of node.allOf ?? []) {
    for (const [name, value] of properties(part, here)) {
      const before = all.get(name);
      all.set(name, { ...value, schema: before ? { ...before.schema, ...value.schema } : value.schema });
    }
  }
  for (const [name, value] of Object.entries(node.properties ?? {})) {
    const found = resolve(value, here);
    all.set(name, { schema: found.node, path: found.path, type: found.name });
  }
  return all;
}

/** A schema's type in a few words. */
function typeOf({ schema, path, type }) {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.oneOf && schema.type !== "null" && !schema.type) {
    return schema.oneOf.map((one) => named(one, path)).join(" | ");
  }
  if (schema.type === "array") return `array of ${named(schema.items, path)}`;
  if (type && schema.type !== "null") return schema.properties ? type : `${type} (${schema.type})`;
  return [schema.type ?? "any"].flat().join(" | ");
}

function named(schema, path) {
  const found = resolve(schema, path);
  return typeOf({ schema: found.node, path: found.path, type: found.name });
}

function fieldTable(schema, path) {
  const rows = element("tbody");
  for (const [name, field] of properties(schema, path)) {
    rows.append(
      element(
        "tr",
        {},
        element("th", { scope: "row" }, element("code", {}, name)),
        element("td", { class: "type" }, typeOf(field)),
        element("td", {}, prose(field.schema.description)),
      ),
    );
  }
  const head = element("tr", {}, ...["Field", "Type", ""].map((title) => element("th", { scope: "col" }, title)));
  return element("table", {}, element("thead", {}, head), rows);
}

function drawMessage(reference, path) {
  const { node, path: here } = resolve(reference, path);
  const key = reference.$ref.split("/").pop();
  const payload = resolve(node.payload, here);
  const data = properties(payload.node, payload.path).get("data");
  const made = element(
    "article",
    { id: key, class: "event" },
    element("h3", {}, element("a", { href: `#${key}` }, element("code", {}, node.name)), " ", element("span", {}, node.title)),
  );
  if (node.summary) made.append(prose(node.summary));
  made.append(fieldTable(data?.schema.properties ? data.schema : payload.node, data?.path ?? payload.path));
  for (const example of node.examples ?? []) {
    made.append(
      element(
        "details",
        {},
        element("summary", {}, `Example: ${example.name}`),
        element("pre", { tabindex: "0" }, element("code", {}, JSON.stringify(example.payload, null, 2))),
      ),
    );
  }
  return made;
}

function drawOperation(operation, key) {
  const direction = operation.action === "send" ? "system → client" : "client → system";
  const section = element(
    "section",
    { id: key },
    element("h2", {}, operation.title, " ", element("small", {}, direction)),
    prose(operation.summary),
  );
  for (const message of operation.messages) {
    section.append(drawMessage(resolveOnce(message), ASYNCAPI));
  }
  return section;
}

/** A channel's message is itself a reference to the component that holds it. */
function resolveOnce(reference) {
  return reference.$ref.slice(2).split("/").reduce((here, key) => here[key], documents.get(ASYNCAPI));
}

function drawContents(operations) {
  const list = element("ul");
  for (const [key, operation] of Object.entries(operations)) {
    const events = element("ul");
    for (const message of operation.messages) {
      const reference = resolveOnce(message);
      const { node } = resolve(reference, ASYNCAPI);
      const target = reference.$ref.split("/").pop();
      events.append(element("li", {}, element("a", { href: `#${target}` }, element("code", {}, node.name))));
    }
    list.append(element("li", {}, element("a", { href: `#${key}` }, operation.title), events));
  }
  return element("nav", { class: "contents", "aria-label": "Events" }, list);
}

function draw(main) {
  const contract = documents.get(ASYNCAPI);
  const body = element("div", { class: "body" }, element("h1", {}, contract.info.title), prose(contract.info.description));
  body.append(
    element(
      "section",
      { id: "envelope" },
      element("h2", {}, "The envelope"),
      prose("The Socket.IO event's name is the type; its one argument is this. Below, each event shows its `data`."),
      fieldTable(contract.components.schemas.Envelope, ASYNCAPI),
    ),
  );
  for (const [key, operation] of Object.entries(contract.operations)) body.append(drawOperation(operation, key));
  main.replaceChildren(drawContents(contract.operations), body);
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

/** What processes tell each other, where there are several: one JSON Schema per type and version. */
async function drawBetweenProcesses(body) {
  const { capabilities } = await (await fetch("/api/v1/system")).json();
  if (!capabilities.includes("event-schemas")) return;
  const schemas = await (await fetch("/api/schemas.json")).json();
  const section = element(
    "section",
    { id: "processes" },
    element("h2", {}, "Between processes"),
    prose("CloudEvents 1.0 in JSON. The routing key is the type; `dataschema` names one of these, with its version."),
  );
  for (const schema of schemas) {
    section.append(
      element(
        "details",
        { id: schema.$id },
        element("summary", {}, element("code", {}, schema.$id)),
        element("pre", { tabindex: "0" }, element("code", {}, JSON.stringify(schema, null, 2))),
      ),
    );
  }
  body.append(section);
}

const main = document.getElementById("events");
try {
  await Promise.all([read(ASYNCAPI), read("/api/openapi.yaml")]);
  draw(main);
  await drawBetweenProcesses(main.querySelector(".body"));
} catch (error) {
  main.replaceChildren(element("p", { class: "wait", role: "alert" }, `The contract could not be read: ${error.message}. Reload the page.`));
}
