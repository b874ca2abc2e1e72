// xml2json.toJson(text, {object: true}): an object by element names, an array where a name occurs more than once.
var tree = require('../tree');

function value(node) {
  if (!node.children.length) return node.text === '' ? {} : node.text;
  var found = {};
  node.children.forEach(function (child) {
    var one = value(child);
    if (!(child.name in found)) found[child.name] = one;
    else found[child.name] = [].concat(found[child.name], [one]);
  });
  return found;
}

exports.toJson = function (xml) {
  var root = tree.read(xml), found = {};
  found[root.name] = value(root);
  return found;
};
