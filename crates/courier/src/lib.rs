//! Adapters of the port Courier.
