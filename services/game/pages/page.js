// Draws /openapi.json. Everything from the document is set as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
let document_;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
}

function resolved(value) {
  while (value && value.$ref) {
    value = value.$ref.slice(2).split("/").reduce((place, key) => place[key.replaceAll("~1", "/")], document_);
  }
  return value;
}

function typeOf(schema, depth = 0) {
  if (!schema || depth > 6) return "…";
  const name = schema.$ref && schema.$ref.split("/").pop();
  const found = resolved(schema);
  const either = found.oneOf || found.anyOf;
  if (either) return either.map((one) => typeOf(one, depth + 1)).join(" | ");
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.enum) return found.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (found.type === "array") return `[${typeOf(found.items, depth + 1)}]`;
  if (name) return name;
  return [].concat(found.type || "any").join(" | ") + (found.format ? ` (${found.format})` : "");
}

function rulesOf(schema) {
  const names = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default"];
  const found = resolved(schema) || {};
  return names.filter((name) => found[name] !== undefined).map((name) => `${name} ${found[name]}`).join(", ");
}

function exampleOf(schema, depth = 0) {
  const found = resolved(schema);
  if (!found || depth > 6) return null;
  if (found.examples && found.examples.length) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  const either = found.oneOf || found.anyOf;
  if (either) return exampleOf(either.find((one) => resolved(one).type !== "null") || either[0], depth + 1);
  if (found.type === "object") {
    const fields = Object.entries(found.properties || {});
    return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(field, depth + 1)]));
  }
  if (found.type === "array") return (found.minItems || 0) > 0 ? [exampleOf(found.items, depth + 1)] : [];
  if (found.type === "integer" || found.type === "number") return found.minimum || 0;
  if (found.type === "boolean") return false;
  if (found.type === "string") return found.format === "date-time" ? new Date().toISOString() : "";
  return null;
}

function fieldsOf(schema) {
  const found = resolved(schema);
  const fields = found && found.properties;
  if (!fields) return element("p", {}, element("code", {}, typeOf(schema)));
  const rows = Object.entries(fields).map(([name, field]) => element("tr", {},
    element("td", {}, element("code", {}, name), (found.required || []).includes(name) ? " *" : ""),
    element("td", {}, element("code", {}, typeOf(field)), " ", rulesOf(field)),
    element("td", {}, (resolved(field) || {}).description || "")));
  return element("table", {}, ...rows);
}

function answersOf(operation) {
  const rows = Object.entries(operation.responses || {}).map(([status, answer]) => {
    const found = resolved(answer);
    const [media, content] = Object.entries(found.content || {})[0] || ["", {}];
    const example = content.example || (Object.values(content.examples || {})[0] || {}).value;
    const details = [];
    if (content.schema && status < "300") details.push(fieldsOf(content.schema));
    if (example !== undefined) details.push(element("pre", {}, JSON.stringify(example, null, 2)));
    return element("tr", {},
      element("td", {}, element("code", {}, status)),
      element("td", {}, found.description || "", " ", element("code", {}, media), ...details));
  });
  return element("table", {}, ...rows);
}

function formOf(path, method, operation) {
  const inputs = (operation.parameters || []).map((parameter) => {
    const found = resolved(parameter);
    const input = element("input", { placeholder: rulesOf(found.schema) });
    const star = found.required ? " *" : "";
    return { parameter: found, input, row: element("tr", {},
      element("td", {}, element("code", {}, found.name), star, ` (${found.in})`),
      element("td", {}, input, element("div", {}, found.description || ""))) };
  });
  const content = ((operation.requestBody || {}).content || {})["application/json"];
  const body = content && element("textarea", { "aria-label": "Body", spellcheck: "false" });
  if (body) body.value = JSON.stringify(exampleOf(content.schema), null, 2);
  const output = element("pre", { hidden: "" });
  const button = element("button", { type: "submit" }, "Send");
  const form = element("form", {}, element("table", {}, ...inputs.map((one) => one.row)));
  if (body) form.append(fieldsOf(content.schema), body, element("br"));
  form.append(button, output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(path, method, inputs, body, output);
  });
  return form;
}

async function send(path, method, inputs, body, output) {
  const headers = new Headers();
  const query = new URLSearchParams();
  let address = path;
  for (const { parameter, input } of inputs) {
    if (parameter.in === "path") {
      address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    } else if (input.value !== "") {
      (parameter.in === "header" ? headers : query).append(parameter.name, input.value);
    }
  }
  const token = document.getElementById("token").value.trim();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (body) headers.set("Content-Type", "application/json");
  output.hidden = false;
  output.textContent = "…";
  try {
    const answer = await fetch(address + (query.size ? `?${query}` : ""), {
      method: method.toUpperCase(), headers, body: body ? body.value : undefined,
    });
    output.textContent = `${answer.status}\n${shown(await answer.text())}`;
  } catch (error) {
    output.textContent = String(error);
  }
}

function shown(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function draw(operations) {
  const groups = new Map();
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const tag = (item[method].tags || ["Other"])[0];
      groups.set(tag, [...(groups.get(tag) || []), [path, method, item[method]]]);
    }
  }
  operations.replaceChildren();
  for (const [tag, members] of groups) {
    operations.append(element("h2", {}, tag));
    for (const [path, method, operation] of members) {
      const id = operation.operationId;
      const says = operation.description || operation.summary || "";
      const summary = element("summary", {}, element("span", { class: "method" }, method.toUpperCase()),
        element("code", {}, path), element("div", { class: "says" }, says.split("\n\n")[0]));
      operations.append(element("details", { id }, summary, element("div", {},
        element("p", {}, says.split("\n\n").slice(1).join(" ")),
        formOf(path, method, operation), element("h3", {}, "Answers"), answersOf(operation))));
    }
  }
  const rows = Object.entries(document_["x-problem-codes"] || {}).map(([code, titles]) => element("tr", { id: code },
    element("td", {}, element("code", {}, code)), element("td", {}, titles.en), element("td", {}, titles.zh)));
  operations.append(element("h2", {}, "Problem codes"), element("table", {}, ...rows));
}

function unfold() {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted && wanted.tagName === "DETAILS") wanted.open = true;
}

async function start() {
  const operations = document.getElementById("operations");
  try {
    document_ = await (await fetch("/openapi.json")).json();
    document.getElementById("title").textContent = `${document_.info.title} ${document_.info.version}`;
    document.getElementById("description").textContent = document_.info.description || "";
    draw(operations);
    unfold();
    addEventListener("hashchange", unfold);
  } catch (error) {
    operations.textContent = `openapi.json could not be drawn: ${error}`;
  }
}

start();
