// The tree of an XML text: {name, children, text}. Stands below the two shims, which cannot be installed any longer.
var sax = require('sax');

exports.read = function (xml) {
  var parser = sax.parser(true), root = {name: '', children: [], text: ''}, open = [root];
  parser.onopentag = function (tag) {
    var node = {name: tag.name, children: [], text: ''};
    open[open.length - 1].children.push(node);
    open.push(node);
  };
  parser.ontext = parser.oncdata = function (text) { open[open.length - 1].text += text; };
  parser.onclosetag = function () { open.pop(); };
  parser.onerror = function (error) { throw error; };
  parser.write(xml).close();
  return root.children[0];
};
