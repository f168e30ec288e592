//! stub for type checking until the upload branch lands
