// The page of the exchange interface: Swagger UI over our own OpenAPI document.
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js'

const domNode = document.getElementById('api-docs')
if (domNode) {
  SwaggerUI({ domNode, url: domNode.dataset.url, deepLinking: true, supportedSubmitMethods: [], validatorUrl: null, defaultModelsExpandDepth: 0 })
}
