//! project_code
