// The "Spark" convention of the GeoReport wiki: the root is dropped, an element with one kind of children is an array of them
// (though only where its name is a plural, as a request with a single field is no list), an empty one is null.
var tree = require('../tree');

function value(node) {
  if (!node.children.length) return node.text === '' ? null : node.text;
  var names = node.children.map(function (child) { return child.name; });
  var list = names.every(function (name) { return name === names[0]; }) && /s$/.test(node.name);
  if (list) return node.children.map(value);
  var found = {};
  node.children.forEach(function (child) { found[child.name] = value(child); });
  return found;
}

exports.parseXml = function (xml) {
  var root = tree.read(xml);
  return root.children.length ? value(root) : [];
};
