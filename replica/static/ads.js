"use strict";

// Stands for what other hosts put into a page; a crawl that spares itself the load never runs this.
window.adsLoaded = true;
