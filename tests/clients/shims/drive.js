// node drive.js '{"options": {...}, "calls": [["serviceList"], ["serviceRequests", {...}], ...]}'
// Makes the calls of the npm package open311 one after the other, and prints what each gave as one JSON array.
var Open311 = require('open311');
var asked = JSON.parse(process.argv[2]), client = new Open311(asked.options), found = [];

(function next() {
  var call = asked.calls.shift();
  if (!call) return console.log(JSON.stringify(found));
  client[call[0]].apply(client, call.slice(1).concat(function (error, data) {
    found.push({error: error || null, data: data});
    next();
  }));
})();
