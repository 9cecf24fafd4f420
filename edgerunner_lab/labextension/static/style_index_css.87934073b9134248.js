"use strict";(self.rspackChunkedgerunner_lab=self.rspackChunkedgerunner_lab||[]).push([["style_index_css"],{"./node_modules/css-loader/dist/cjs.js!./style/base.css"(e,t,r){var s=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),o=r.n(s),n=r("./node_modules/css-loader/dist/runtime/api.js"),a=(r.n(n))()(o());a.push([e.id,`.er-Badge .jp-StatusBar-TextItem {
  display: inline-block;
  max-width: 40em;
  overflow: hidden;
  text-overflow: ellipsis;
  font-variant-numeric: tabular-nums;
}

.er-Badge[data-tone="attention"] {
  box-shadow: inset 0 -2px 0 var(--jp-warn-color1);
}

.er-Badge[data-tone="trouble"] {
  box-shadow: inset 0 -2px 0 var(--jp-error-color1);
}

.er-Halt button {
  height: 100%;
  padding: 0 8px;
  border: 0;
  background: var(--jp-error-color1);
  color: #fff;
  font: inherit;
  font-weight: 700;
  letter-spacing: 0.05em;
  cursor: pointer;
}

.er-Halt button:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -3px;
}

.er-Halt button:disabled {
  opacity: 0.7;
  cursor: progress;
}

.er-Halt {
  display: flex;
}

.er-Halt .jp-StatusBar-TextItem:not(:empty) {
  margin-left: 8px;
}

.er-Halt .jp-StatusBar-TextItem {
  max-width: 48em;
  overflow: hidden;
  text-overflow: ellipsis;
}

.er-Halt[data-tone="trouble"] .jp-StatusBar-TextItem {
  box-shadow: inset 0 -2px 0 var(--jp-error-color1);
  font-weight: 700;
}
`,""]),r.d(t,{},{A:a})},"./node_modules/css-loader/dist/cjs.js!./style/index.css"(e,t,r){var s=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),o=r.n(s),n=r("./node_modules/css-loader/dist/runtime/api.js"),a=r.n(n),i=r("./node_modules/css-loader/dist/cjs.js!./style/base.css"),l=a()(o());l.i(i.A),l.push([e.id,`
`,""]),r.d(t,{},{A:l})},"./node_modules/css-loader/dist/runtime/api.js"(e){e.exports=function(e){var t=[];return t.toString=function(){return this.map(function(t){var r="",s=void 0!==t[5];return t[4]&&(r+="@supports (".concat(t[4],") {")),t[2]&&(r+="@media ".concat(t[2]," {")),s&&(r+="@layer".concat(t[5].length>0?" ".concat(t[5]):""," {")),r+=e(t),s&&(r+="}"),t[2]&&(r+="}"),t[4]&&(r+="}"),r}).join("")},t.i=function(e,r,s,o,n){"string"==typeof e&&(e=[[null,e,void 0]]);var a={};if(s)for(var i=0;i<this.length;i++){var l=this[i][0];null!=l&&(a[l]=!0)}for(var d=0;d<e.length;d++){var u=[].concat(e[d]);s&&a[u[0]]||(void 0!==n&&(void 0===u[5]||(u[1]="@layer".concat(u[5].length>0?" ".concat(u[5]):""," {").concat(u[1],"}")),u[5]=n),r&&(u[2]&&(u[1]="@media ".concat(u[2]," {").concat(u[1],"}")),u[2]=r),o&&(u[4]?(u[1]="@supports (".concat(u[4],") {").concat(u[1],"}"),u[4]=o):u[4]="".concat(o)),t.push(u))}},t}},"./node_modules/css-loader/dist/runtime/noSourceMaps.js"(e){e.exports=function(e){return e[1]}},"./style/index.css"(e,t,r){r.r(t);var s=r("./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"),o=r.n(s),n=r("./node_modules/style-loader/dist/runtime/styleDomAPI.js"),a=r.n(n),i=r("./node_modules/style-loader/dist/runtime/insertBySelector.js"),l=r.n(i),d=r("./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"),u=r.n(d),c=r("./node_modules/style-loader/dist/runtime/insertStyleElement.js"),p=r.n(c),m=r("./node_modules/style-loader/dist/runtime/styleTagTransform.js"),f=r.n(m),y=r("./node_modules/css-loader/dist/cjs.js!./style/index.css"),v={};v.styleTagTransform=f(),v.setAttributes=u(),v.insert=l().bind(null,"head"),v.domAPI=a(),v.insertStyleElement=p(),o()(y.A,v);let h=y.A&&y.A.locals?y.A.locals:void 0;r.d(t,{},{default:h})},"./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"(e){var t=[];function r(e){for(var r=-1,s=0;s<t.length;s++)if(t[s].identifier===e){r=s;break}return r}function s(e,s){for(var o={},n=[],a=0;a<e.length;a++){var i=e[a],l=s.base?i[0]+s.base:i[0],d=o[l]||0,u="".concat(l," ").concat(d);o[l]=d+1;var c=r(u),p={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==c)t[c].references++,t[c].updater(p);else{var m=function(e,t){var r=t.domAPI(t);return r.update(e),function(t){t?(t.css!==e.css||t.media!==e.media||t.sourceMap!==e.sourceMap||t.supports!==e.supports||t.layer!==e.layer)&&r.update(e=t):r.remove()}}(p,s);s.byIndex=a,t.splice(a,0,{identifier:u,updater:m,references:1})}n.push(u)}return n}e.exports=function(e,o){var n=s(e=e||[],o=o||{});return function(e){e=e||[];for(var a=0;a<n.length;a++){var i=r(n[a]);t[i].references--}for(var l=s(e,o),d=0;d<n.length;d++){var u=r(n[d]);0===t[u].references&&(t[u].updater(),t.splice(u,1))}n=l}}},"./node_modules/style-loader/dist/runtime/insertBySelector.js"(e){var t={};e.exports=function(e,r){var s=function(e){if(void 0===t[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}t[e]=r}return t[e]}(e);if(!s)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");s.appendChild(r)}},"./node_modules/style-loader/dist/runtime/insertStyleElement.js"(e){e.exports=function(e){var t=document.createElement("style");return e.setAttributes(t,e.attributes),e.insert(t,e.options),t}},"./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"(e,t,r){e.exports=function(e){var t=r.nc;t&&e.setAttribute("nonce",t)}},"./node_modules/style-loader/dist/runtime/styleDomAPI.js"(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var t=e.insertStyleElement(e);return{update:function(r){var s,o,n;s="",r.supports&&(s+="@supports (".concat(r.supports,") {")),r.media&&(s+="@media ".concat(r.media," {")),(o=void 0!==r.layer)&&(s+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),s+=r.css,o&&(s+="}"),r.media&&(s+="}"),r.supports&&(s+="}"),(n=r.sourceMap)&&"u">typeof btoa&&(s+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(n))))," */")),e.styleTagTransform(s,t,e.options)},remove:function(){var e;null===(e=t).parentNode||e.parentNode.removeChild(e)}}}},"./node_modules/style-loader/dist/runtime/styleTagTransform.js"(e){e.exports=function(e,t){if(t.styleSheet)t.styleSheet.cssText=e;else{for(;t.firstChild;)t.removeChild(t.firstChild);t.appendChild(document.createTextNode(e))}}}}]);