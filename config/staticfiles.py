"""Static files with a content hash in their names, our own ES module imports included."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

_GLOB, _IMPORTS = ManifestStaticFilesStorage._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class ModuleManifestStorage(ManifestStaticFilesStorage):
    """Manifest storage that also rewrites `import … from './x.js'` to the hashed name, below js/ only.

    Django's own switch looks at every script, and finds imports that are none in those of other packages.
    """

    patterns = (*ManifestStaticFilesStorage.patterns, ("js/*.js", _IMPORTS))
