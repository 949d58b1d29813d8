// The files that somebody drops or chooses, each with the folders it lies in: [{file, name}].

const HIDDEN = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/;

// Of an input. Where it chose a folder the names hold it.
export function ofInput(files) {
  return shown([...files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
}

// Of a drop: folders are read to their depths. To be called in the event itself, before anything is awaited.
export async function ofDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return ofInput(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return shown(found);
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, name: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  // A browser gives the entries of a folder a hundred at a time.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

// Without what systems put beside people's files; in the order of their names, so that the same choice is the same list.
function shown(files) {
  const kept = files.filter(({ name }) => !HIDDEN.test(name));
  return kept.sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));
}
