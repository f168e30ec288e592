//! 随产品发布的数据: every data file that is compiled in, by name, so that a release can say what it consists of (S-23).

/// Name and text of each file of `data/` that the program is built with.
pub const DATA: [(&str, &str); 18] = [
    ("deadlines.tsv", include_str!("../../../data/deadlines.tsv")),
    ("declaration.toml", include_str!("../../../data/declaration.toml")),
    ("departments.tsv", include_str!("../../../data/departments.tsv")),
    ("detection.toml", include_str!("../../../data/detection.toml")),
    ("guide_score.tsv", include_str!("../../../data/guide_score.tsv")),
    ("holidays.tsv", include_str!("../../../data/holidays.tsv")),
    ("industries.tsv", include_str!("../../../data/industries.tsv")),
    ("items.toml", include_str!("../../../data/items.toml")),
    ("marking.toml", include_str!("../../../data/marking.toml")),
    ("materials.toml", include_str!("../../../data/materials.toml")),
    ("notification.toml", include_str!("../../../data/notification.toml")),
    ("parallel_stages.toml", include_str!("../../../data/parallel_stages.toml")),
    ("procedures.toml", include_str!("../../../data/procedures.toml")),
    ("ratification_catalogue.toml", include_str!("../../../data/ratification_catalogue.toml")),
    ("regions.tsv", include_str!("../../../data/regions.tsv")),
    ("regions_zones.tsv", include_str!("../../../data/regions_zones.tsv")),
    ("special_procedures.tsv", include_str!("../../../data/special_procedures.tsv")),
    ("supervision.toml", include_str!("../../../data/supervision.toml")),
];
