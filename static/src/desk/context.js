// What is told of the patient, the reports and the explanation, as fields of the panel.

export class Context {
  // `touched()` is called with every change.
  constructor(panel, { context = {}, reports = [], explanation = "" }, touched) {
    this.fields = [...panel.querySelectorAll("[data-context]")];
    this.explanation = panel.querySelector("[data-role=explanation]");
    this.reports = panel.querySelector("[data-role=reports]");
    for (const field of this.fields) field.value = context[field.dataset.context] ?? "";
    if (this.explanation) this.explanation.value = explanation;
    if (this.reports) {
      const shown = reports.length ? reports : [{ language: "en", findings: "", impression: "" }];
      this.reports.append(...shown.map(reportFields));
    }
    this.nothing = panel.querySelector("[data-role=nothing]");
    panel.querySelector("[data-role=context]")?.addEventListener("input", touched);
    this.nothing?.addEventListener("change", touched);
  }

  toJson() {
    const rows = [...(this.reports?.children ?? [])];
    return {
      context: Object.fromEntries(this.fields.map((field) => [field.dataset.context, field.value])),
      reports: rows.map((row) => ({ language: row.dataset.language, ...valuesOf(row) })),
      explanation: this.explanation?.value ?? "",
      normal: this.nothing?.checked ?? false,
    };
  }
}

function valuesOf(row) {
  return Object.fromEntries([...row.querySelectorAll("textarea")].map(({ name, value }) => [name, value]));
}

function reportFields({ language, findings, impression }) {
  const row = document.createElement("div");
  row.dataset.language = language;
  for (const [name, value] of [["findings", findings], ["impression", impression]]) {
    const label = document.createElement("label");
    label.className = "field";
    label.textContent = `Report (${language}), ${name}`;
    const area = document.createElement("textarea");
    Object.assign(area, { name, value, rows: 4 });
    label.append(area);
    row.append(label);
  }
  return row;
}
